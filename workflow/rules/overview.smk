"""All cases at a glance: a table and a page of links."""


rule overview:
    """Write summary.csv, index.html and the bill of what is installed."""
    input:
        expand(f"{OUT}/shards/{{shard}}/rows.jsonl", shard=CASE_SHARDS),
        expand(f"{OUT}/shards/{{shard}}/seal.jsonl", shard=CASE_SHARDS),
    output:
        table=f"{OUT}/summary.csv",
        page=f"{OUT}/index.html",
        bill=f"{OUT}/environment.cdx.json",
    params:
        out=OUT,
    log:
        f"{OUT}/logs/overview.log",
    benchmark:
        f"{OUT}/benchmarks/overview.tsv"
    resources:
        mem_mb=more_each_attempt(1000),
        runtime=more_each_attempt(30),
    shell:
        "musk-id runs overview --out {params.out:q} > {log:q} 2>&1"
