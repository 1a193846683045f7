"""Musk-ID: from requests to sealed records, many cases in shards. One job is one stage of one shard."""

from snakemake.utils import min_version, validate

min_version("9.0")


configfile: "config/config.yaml"


validate(config, "workflow/schemas/config.schema.yaml")


include: "workflow/rules/common.smk"
include: "workflow/rules/intake.smk"
include: "workflow/rules/controls.smk"
include: "workflow/rules/barcode.smk"
include: "workflow/rules/spectra.smk"
include: "workflow/rules/evidence.smk"
include: "workflow/rules/record.smk"
include: "workflow/rules/seal.smk"
include: "workflow/rules/overview.smk"


onstart:
    PROGRESS.start()


onsuccess:
    PROGRESS.stop()


onerror:
    PROGRESS.stop()


rule all:
    """Every case sealed, and the overview of all cases."""
    default_target: True
    input:
        f"{OUT}/summary.csv",
        f"{OUT}/index.html",
        expand(f"{OUT}/shards/{{shard}}/seal.jsonl", shard=CASE_SHARDS),
