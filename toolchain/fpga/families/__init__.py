"""One file a family of open FPGA tools, with one class; the file's name is the word of `fpga.family` in board.yaml."""
