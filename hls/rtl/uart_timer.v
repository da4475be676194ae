// Bit clock of a UART: `tick` is high for one cycle in every CLOCK_HZ / BAUD cycles, on average exactly.
//
// The phase accumulator adds BAUD modulo CLOCK_HZ, both divided by their greatest common divisor, so a ratio that
// is no whole number never drifts: 27 MHz / 115200 counts by 8 modulo 1875, 12 MHz / 1 Mbaud by 1 modulo 12.
// `restart` sets the phase; HALF = 1 puts the first tick half a bit later, into the middle of a bit.
`default_nettype none
module uart_timer #(
    parameter CLOCK_HZ = 25000000,
    parameter BAUD     = 1000000,
    parameter HALF     = 0
) (
    input  wire clk,
    input  wire restart,
    output wire tick
);
    function integer gcd(input integer first, input integer second);
        integer a, b, rest;
        begin
            a = first;
            b = second;
            while (b != 0) begin
                rest = a % b;
                a    = b;
                b    = rest;
            end
            gcd = a;
        end
    endfunction

    localparam DIVISOR = gcd(CLOCK_HZ, BAUD);
    localparam STEP    = BAUD / DIVISOR;
    localparam MODULUS = CLOCK_HZ / DIVISOR;
    localparam FIRST   = HALF ? MODULUS / 2 : MODULUS - STEP;
    localparam WIDTH   = $clog2(MODULUS) + 1;

    // Counts down; the borrow into the top bit is the tick.
    reg  [WIDTH-1:0] phase = 0;
    wire [WIDTH-1:0] lower = phase - STEP[WIDTH-1:0];
    assign tick = lower[WIDTH-1];

    always @(posedge clk)
        if (restart) phase <= FIRST[WIDTH-1:0];
        else if (tick) phase <= lower + MODULUS[WIDTH-1:0];
        else phase <= lower;
endmodule
`default_nettype wire
