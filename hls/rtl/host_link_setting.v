// The payload of a request for a setting: its new value of four bytes where it gets one, then its number in a byte.
`default_nettype none
module host_link_setting (
    input  wire        clk,
    input  wire [7:0]  byte_data,
    input  wire        byte_valid,
    output wire [7:0]  number,
    output wire [31:0] value
);
    reg [39:0] bytes = 0;
    assign {number, value} = bytes;
    always @(posedge clk) if (byte_valid) bytes <= {byte_data, bytes[39:8]};
endmodule
`default_nettype wire
