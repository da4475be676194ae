# From an integer network to a board package, with open tools only.


rule fold:
    input: done("streamline")
    output: done("fold")
    params: *why("fold")
    log: log_of("fold")
    shell: STAGE


rule generate:
    input: done("export", "streamline", "fold")
    output: done("generate")
    params: *why("generate")
    log: log_of("generate")
    shell: STAGE


rule simulate:
    input: done("export", "streamline", "generate")
    output: done("simulate")
    params: *why("simulate")
    log: log_of("simulate")
    shell: STAGE


rule synthesise:
    input: done("generate")
    output: done("synthesise")
    params: *why("synthesise")
    log: log_of("synthesise")
    shell: STAGE


rule implement:
    input: done("synthesise")
    output: done("implement")
    params: *why("implement")
    log: log_of("implement")
    shell: STAGE


rule bitstream:
    input: done("implement")
    output: done("bitstream")
    params: *why("bitstream")
    log: log_of("bitstream")
    shell: STAGE


rule package:
    input: done("data", "train", "baselines", "export", "streamline", "fold", "generate", "simulate", "synthesise", "implement", "bitstream")
    output: done("package")
    params: *why("package")
    log: log_of("package")
    shell: STAGE


# On demand: the chip as it really is, run through its pins.
rule verify:
    input: done("streamline", "export", "generate", "package")
    output: done("verify")
    params: *why("verify")
    log: log_of("verify")
    shell: STAGE
