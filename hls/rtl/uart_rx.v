// UART receiver: 8 data bits, no parity, 1 stop bit, least significant bit first.
//
// Two flip-flops synchronise the pin, a majority of three samples filters it, and each bit is sampled at its centre.
// A byte with a low stop bit is still given out, marked `bad`. A line that then stays low for BREAK_BITS bit times
// gives one `line_break`. Reception restarts only after the line has been high. Takes no reset,
// so that a break can cause one. Needs CLOCK_HZ / BAUD >= 8.
`default_nettype none
module uart_rx #(
    parameter CLOCK_HZ = 25000000,
    parameter BAUD     = 1000000
) (
    input  wire       clk,
    input  wire       rx,
    output wire       bit_tick,   // once a bit time, also while the line is idle
    output wire [7:0] data,
    output reg        valid,      // one cycle: `data` holds a byte
    output reg        bad,        // with `valid`: its stop bit was low
    output reg        line_break  // one cycle
);
    localparam [4:0] STOP_BIT   = 9;
    localparam [4:0] BREAK_BITS = 20;
    localparam [1:0] WAIT_HIGH = 0, IDLE = 1, RECEIVE = 2;

    // Shift register of the pin; reset and configuration leave it high, as an idle line is.
    reg [4:0] samples = 5'b11111;
    always @(posedge clk) samples <= {samples[3:0], rx};
    wire level = (samples[2] & samples[3]) | (samples[3] & samples[4]) | (samples[2] & samples[4]);

    reg [1:0] state = WAIT_HIGH;
    reg [4:0] position = 0;  // bit of the byte: 0 start, 1..8 data, 9 stop; bits of low line in WAIT_HIGH
    reg [7:0] shift = 0;
    initial {valid, bad, line_break} = 0;
    assign data = shift;

    wire start = state == IDLE && !level;
    uart_timer #(.CLOCK_HZ(CLOCK_HZ), .BAUD(BAUD), .HALF(1)) timer (.clk(clk), .restart(start), .tick(bit_tick));

    always @(posedge clk) begin
        valid      <= 0;
        bad        <= 0;
        line_break <= 0;
        case (state)
            IDLE: begin
                position <= 0;
                if (start) state <= RECEIVE;
            end
            RECEIVE: if (bit_tick) begin
                position <= position + 1;
                if (position == STOP_BIT) begin
                    valid    <= 1;
                    bad      <= !level;
                    position <= 0;
                    state    <= level ? IDLE : WAIT_HIGH;
                end else if (position == 0) begin
                    if (level) state <= IDLE;  // a glitch, no start bit
                end else shift <= {level, shift[7:1]};
            end
            default: begin
                if (level) state <= IDLE;
                else if (bit_tick && position != BREAK_BITS) begin
                    position   <= position + 1;
                    line_break <= position == BREAK_BITS - 1;
                end
            end
        endcase
    end
endmodule
`default_nettype wire
