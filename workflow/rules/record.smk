"""Case records of a shard as JSON, PDF, HTML and CSV."""


rule record:
    """Write the records of a shard."""
    input:
        list=f"{OUT}/shards/{{shard}}/list.tsv",
        intake=f"{OUT}/shards/{{shard}}/intake.jsonl",
        barcode=f"{OUT}/shards/{{shard}}/barcode.jsonl",
        spectra=f"{OUT}/shards/{{shard}}/spectra.jsonl",
        evidence=f"{OUT}/shards/{{shard}}/evidence.jsonl",
        controls=controls_of,
    output:
        records=f"{OUT}/shards/{{shard}}/record.jsonl",
        rows=f"{OUT}/shards/{{shard}}/rows.jsonl",
    params:
        root=ROOT,
        cases=f"{OUT}/cases",
    log:
        f"{OUT}/logs/record/{{shard}}.log",
    benchmark:
        f"{OUT}/benchmarks/record/{{shard}}.tsv"
    resources:
        mem_mb=more_each_attempt(1000),
        runtime=more_each_attempt(60),
    shell:
        "musk-id stage record --root {params.root:q} --shard {input.list:q} --out {output.records:q}"
        " --controls {input.controls:q} --cases {params.cases:q} --rows {output.rows:q} > {log:q} 2>&1"
