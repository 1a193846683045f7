"""Manifests of the cases of a shard; a local command signs them."""


rule seal:
    """Seal the cases of a shard."""
    input:
        list=f"{OUT}/shards/{{shard}}/list.tsv",
        record=f"{OUT}/shards/{{shard}}/record.jsonl",
        # What the folders held when they were written stands there.
        rows=f"{OUT}/shards/{{shard}}/rows.jsonl",
    output:
        records=f"{OUT}/shards/{{shard}}/seal.jsonl",
    params:
        root=ROOT,
        cases=f"{OUT}/cases",
    log:
        f"{OUT}/logs/seal/{{shard}}.log",
    benchmark:
        f"{OUT}/benchmarks/seal/{{shard}}.tsv"
    resources:
        mem_mb=more_each_attempt(1000),
        runtime=more_each_attempt(30),
    shell:
        "musk-id stage seal --root {params.root:q} --shard {input.list:q} --out {output.records:q}"
        " --cases {params.cases:q} > {log:q} 2>&1"
