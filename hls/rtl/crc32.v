// CRC-32/ISO-HDLC (Ethernet, zlib), one byte a cycle. `crc` is the register before the final inversion.
//
// Data followed by its own CRC, least significant byte first, always leaves 32'hDEBB20E3 in the register.
`default_nettype none
module crc32 (
    input  wire        clk,
    input  wire        clear,   // to the start value; goes before `enable`
    input  wire        enable,
    input  wire [7:0]  data,
    output reg  [31:0] crc
);
    // Eight steps of the reflected polynomial; synthesis flattens them to one XOR per bit.
    function [31:0] next(input [31:0] state, input [7:0] value);
        integer i;
        begin
            next = state ^ {24'd0, value};
            for (i = 0; i < 8; i = i + 1) next = {1'b0, next[31:1]} ^ (next[0] ? 32'hEDB88320 : 32'd0);
        end
    endfunction

    initial crc = 32'hFFFFFFFF;
    always @(posedge clk)
        if (clear) crc <= 32'hFFFFFFFF;
        else if (enable) crc <= next(crc, data);
endmodule
`default_nettype wire
