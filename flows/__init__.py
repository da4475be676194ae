"""In which order the stages run: Snakemake's rule files, and one glue module a stage."""
