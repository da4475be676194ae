// Receive buffer of the host link: bytes of the UART in order, each marked where the stream broke just before it.
//
// A byte is `broken` if, since the byte before it, the line was idle for TIMEOUT_BITS bit times or bytes were lost to
// a full buffer, or if its own stop bit was low. `gap` is high while the buffer is empty and that time has passed.
`default_nettype none
module host_link_buffer #(
    parameter DEPTH        = 64,     // a power of 2
    parameter TIMEOUT_BITS = 10000
) (
    input  wire       clk,
    input  wire       rst,
    input  wire       bit_tick,
    input  wire [7:0] in_data,
    input  wire       in_valid,
    input  wire       in_bad,
    output wire [7:0] out_data,
    output wire       out_broken,
    output reg        out_valid,
    input  wire       out_take,
    output wire       gap,
    output wire       line_error     // one cycle: a bad stop bit or a lost byte
);
    localparam ADDRESS = $clog2(DEPTH);
    localparam TIMER   = $clog2(TIMEOUT_BITS + 1);

    reg [8:0] memory [0:DEPTH-1];
    reg [8:0] head = 0;
    reg [ADDRESS-1:0] write_at = 0, read_at = 0;
    wire [ADDRESS-1:0] write_next = write_at + 1'b1;
    wire full  = write_next == read_at;
    wire write = in_valid && !full;
    wire fetch = read_at != write_at && (!out_valid || out_take);
    initial out_valid = 0;
    assign {out_broken, out_data} = head;

    reg [TIMER-1:0] left = 0;  // bit times until the line counts as idle
    reg broken = 0;
    assign gap        = left == 0 && !out_valid && read_at == write_at;
    assign line_error = in_valid && (in_bad || full);

    always @(posedge clk) begin
        if (write) memory[write_at] <= {broken || in_bad || left == 0, in_data};
        if (fetch) head <= memory[read_at];
    end

    always @(posedge clk) begin
        if (write) write_at <= write_next;
        if (fetch) read_at <= read_at + 1'b1;
        if (fetch) out_valid <= 1;
        else if (out_take) out_valid <= 0;
        if (in_valid) broken <= full;
        if (in_valid) left <= TIMEOUT_BITS[TIMER-1:0];
        else if (bit_tick && left != 0) left <= left - 1'b1;
        if (rst) begin
            {write_at, read_at, out_valid, broken} <= 0;
            left <= 0;
        end
    end
endmodule
`default_nettype wire
