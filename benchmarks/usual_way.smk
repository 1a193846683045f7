"""The same work as it is usually done: one job for each case and step, with BLAST+ and matchms."""

CASES = config["cases"].split(",")
ROOT, OUT, PYTHON, STEP = config["root"], config["out"], config["python"], config["step"]


rule all:
    input:
        expand(f"{OUT}/{{case}}/report.html", case=CASES),


rule barcode:
    input:
        query=f"{ROOT}/cases/{{case}}/R-{{locus}}.fasta",
        library=f"{OUT}/library/{{locus}}.nin",
    output:
        hits=f"{OUT}/{{case}}/{{locus}}.tsv",
    params:
        library=lambda w: f"{OUT}/library/{w.locus}",
    shell:
        "blastn -task blastn -db {params.library:q} -query {input.query:q} -outfmt 6 -max_target_seqs 50 > {output.hits:q}"


rule library:
    input:
        records=f"{OUT}/{{locus}}.fasta",
    output:
        index=f"{OUT}/library/{{locus}}.nin",
    params:
        library=lambda w: f"{OUT}/library/{w.locus}",
    shell:
        "makeblastdb -in {input.records:q} -dbtype nucl -out {params.library:q} > /dev/null"


rule spectrum:
    input:
        query=f"{ROOT}/cases/{{case}}/R-GC.msp",
        library=f"{OUT}/library.msp",
    output:
        hits=f"{OUT}/{{case}}/spectrum.tsv",
    shell:
        "{PYTHON:q} {STEP:q} spectrum {input.query:q} {input.library:q} {output.hits:q}"


rule report:
    input:
        hits=[f"{OUT}/{{case}}/{locus}.tsv" for locus in ("12S-V5", "16S-mam")],
        spectrum=f"{OUT}/{{case}}/spectrum.tsv",
    output:
        page=f"{OUT}/{{case}}/report.html",
    shell:
        "{PYTHON:q} {STEP:q} report {input.hits:q} {input.spectrum:q} {output.page:q}"
