# From captures to an all-integer network. These stages know no board, so all boards share them.


rule data:
    input: captures(request)
    output: done("data")
    params: *why("data")
    log: log_of("data")
    shell: STAGE


rule train:
    input: done("data")
    output: done("train")
    params: *why("train")
    log: log_of("train")
    shell: STAGE


rule baselines:
    input: done("data")
    output: done("baselines")
    params: *why("baselines")
    log: log_of("baselines")
    shell: STAGE


rule export:
    input: done("data", "train")
    output: done("export")
    params: *why("export")
    log: log_of("export")
    shell: STAGE


rule streamline:
    input: done("export")
    output: done("streamline")
    params: *why("streamline")
    log: log_of("streamline")
    shell: STAGE
