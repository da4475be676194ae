# From captures, or from somebody else's file, to a network. These stages know no board, so all boards share them.

if request.onnx:

    rule load:
        input: onnx_files(request)
        output: done("load")
        params: *why("load")
        log: log_of("load")
        shell: STAGE

else:

    rule data:
        input: captures(request)
        output: done("data")
        params: *why("data")
        log: log_of("data")
        shell: STAGE

    NEEDS |= {
        "train": ["data"],
        "baselines": ["data"],
        "export": ["data", "train"],
        "streamline": ["export"],
    }
