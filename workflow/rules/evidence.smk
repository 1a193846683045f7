"""Grade, findings and answers of a shard."""


rule evidence:
    """Evaluate the cases of a shard."""
    input:
        list=f"{OUT}/shards/{{shard}}/list.tsv",
        intake=f"{OUT}/shards/{{shard}}/intake.jsonl",
        barcode=f"{OUT}/shards/{{shard}}/barcode.jsonl",
        spectra=f"{OUT}/shards/{{shard}}/spectra.jsonl",
        controls=controls_of,
    output:
        records=f"{OUT}/shards/{{shard}}/evidence.jsonl",
    params:
        root=ROOT,
    log:
        f"{OUT}/logs/evidence/{{shard}}.log",
    benchmark:
        f"{OUT}/benchmarks/evidence/{{shard}}.tsv"
    resources:
        mem_mb=more_each_attempt(1000),
        runtime=more_each_attempt(30),
    shell:
        "musk-id stage evidence --root {params.root:q} --shard {input.list:q} --out {output.records:q}"
        " --controls {input.controls:q} > {log:q} 2>&1"
