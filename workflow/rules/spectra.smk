"""Spectra of a shard: comparison with the library, compounds, markers."""


rule spectra:
    """Match the spectra of a shard."""
    input:
        list=f"{OUT}/shards/{{shard}}/list.tsv",
        intake=f"{OUT}/shards/{{shard}}/intake.jsonl",
        controls=controls_of,
    output:
        records=f"{OUT}/shards/{{shard}}/spectra.jsonl",
    params:
        root=ROOT,
    log:
        f"{OUT}/logs/spectra/{{shard}}.log",
    benchmark:
        f"{OUT}/benchmarks/spectra/{{shard}}.tsv"
    resources:
        mem_mb=more_each_attempt(1000),
        runtime=more_each_attempt(60),
    shell:
        "musk-id stage spectra --root {params.root:q} --shard {input.list:q} --out {output.records:q}"
        " --controls {input.controls:q} > {log:q} 2>&1"
