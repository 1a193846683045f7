"""Inputs of a shard: validated, every file hashed, frozen."""


rule intake:
    """Freeze the cases of a shard."""
    input:
        list=f"{OUT}/shards/{{shard}}/list.tsv",
        # Trace files are held against the run sheets of their batches.
        sheets=sheets_of,
    output:
        records=f"{OUT}/shards/{{shard}}/intake.jsonl",
    params:
        root=ROOT,
    log:
        f"{OUT}/logs/intake/{{shard}}.log",
    benchmark:
        f"{OUT}/benchmarks/intake/{{shard}}.tsv"
    resources:
        mem_mb=more_each_attempt(1000),
        runtime=more_each_attempt(30),
    shell:
        "musk-id stage intake --root {params.root:q} --shard {input.list:q} --out {output.records:q}"
        " > {log:q} 2>&1"
