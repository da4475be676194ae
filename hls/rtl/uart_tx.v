// UART transmitter: 8 data bits, no parity, 1 stop bit, least significant bit first. The line idles high.
`default_nettype none
module uart_tx #(
    parameter CLOCK_HZ = 25000000,
    parameter BAUD     = 1000000
) (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] data,
    input  wire       valid,
    output wire       ready,
    output wire       tx
);
    // The low bit of `shift` is the line itself, straight from a flip-flop.
    reg [8:0] shift = 9'h1ff;
    reg [3:0] left  = 0;  // bits still to be sent, this one included
    wire      tick;
    wire      load = valid && ready;

    assign ready = left == 0;
    assign tx    = shift[0];
    uart_timer #(.CLOCK_HZ(CLOCK_HZ), .BAUD(BAUD)) timer (.clk(clk), .restart(load), .tick(tick));

    always @(posedge clk)
        if (rst) begin
            shift <= 9'h1ff;
            left  <= 0;
        end else if (load) begin
            shift <= {data, 1'b0};
            left  <= 10;
        end else if (tick && !ready) begin
            shift <= {1'b1, shift[8:1]};
            left  <= left - 1;
        end
endmodule
`default_nettype wire
