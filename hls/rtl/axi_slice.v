// Register slice of an AXI4-Stream: room for two beats, so that every port is a register and a beat moves every cycle.
`default_nettype none
module axi_slice #(
    parameter WIDTH = 8
) (
    input  wire             clk,
    input  wire             rst,
    input  wire [WIDTH-1:0] in_data,
    input  wire             in_valid,
    output reg              in_ready,
    output reg  [WIDTH-1:0] out_data,
    output reg              out_valid,
    input  wire             out_ready
);
    reg [WIDTH-1:0] spare;
    reg             full = 0;  // `spare` holds the beat after `out_data`
    initial {in_ready, out_valid} = 0;
    wire take = in_valid && in_ready;
    wire free = !out_valid || out_ready;
    wire fills = !free && (full || take);

    always @(posedge clk) begin
        if (take) spare <= in_data;
        if (free) out_data <= full ? spare : in_data;
        if (free) out_valid <= full || take;
        full     <= fills;
        in_ready <= !fills;
        if (rst) {full, in_ready, out_valid} <= 0;
    end
endmodule
`default_nettype wire
