"""Run sheets and their controls, once per batch."""


rule controls:
    """Assess the controls of a shard of batches."""
    input:
        list=f"{OUT}/shards/{{batches}}/list.tsv",
    output:
        records=f"{OUT}/shards/{{batches}}/controls.jsonl",
    params:
        root=ROOT,
    log:
        f"{OUT}/logs/controls/{{batches}}.log",
    benchmark:
        f"{OUT}/benchmarks/controls/{{batches}}.tsv"
    resources:
        mem_mb=more_each_attempt(1000),
        runtime=more_each_attempt(30),
    shell:
        "musk-id stage controls --root {params.root:q} --shard {input.list:q} --out {output.records:q}"
        " > {log:q} 2>&1"
