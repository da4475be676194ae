// Simulation model of an SPI flash of 16 MiB as a configured iCE40 leaves it: in deep power-down (W25Q128, SPI mode 0).
//
// The bytes of FILE lie from FIRST on, all others are erased. It knows release from power-down (AB), power-down (B9) and
// read (03), which goes on from byte to byte while it is selected. Asleep it takes nothing but AB; until WAKE clocks have
// passed behind that, nothing at all. A command other than read acts when the flash is deselected behind its 8 bits.
// Timing: pins are looked at in the middle of the clock of whoever drives them; what leaves changes there, too.
module spi_flash #(
    parameter FIRST = 0,
    parameter BYTES = 1,
    parameter FILE = "",
    parameter WAKE = 36
) (
    input clk,
    input select,  // low: selected
    input clock,
    input in,
    output reg out
);
    localparam [7:0] RELEASE = 8'hAB, POWER_DOWN = 8'hB9, READ = 8'h03;
    reg [7:0] memory [0:BYTES-1];
    initial $readmemh(FILE, memory);

    reg asleep = 1, clock_before = 0, select_before = 1, reads = 0;
    reg [31:0] waking = 0;
    reg [31:0] bits = 0;  // received since it was selected
    reg [31:0] taken = 0;
    reg [23:0] address = 0;
    wire [23:0] place = address - FIRST;
    wire [7:0] value = {8'd0, place} < BYTES ? memory[place] : 8'hFF;
    wire [31:0] received = {taken[30:0], in};
    wire rising = !select && clock && !clock_before;
    wire falling = !select && !clock && clock_before;
    initial out = 1;

    always @(negedge clk) begin
        clock_before <= clock;
        select_before <= select;
        if (waking != 0)
            waking <= waking - 1;
        if (rising) begin
            taken <= received;
            bits <= bits + 1;
            if (bits == 31 && received[31:24] == READ && !asleep && waking == 0) begin
                reads <= 1;
                address <= received[23:0];
            end else if (reads && bits[2:0] == 7)
                address <= address + 1;
        end
        if (falling)
            out <= reads ? value[~bits[2:0]] : 1'b1;
        if (select) begin
            bits <= 0;
            reads <= 0;
            if (!select_before && bits == 8 && waking == 0) begin
                if (taken[7:0] == RELEASE && asleep) begin
                    asleep <= 0;
                    waking <= WAKE;
                end else if (taken[7:0] == POWER_DOWN)
                    asleep <= 1;
            end
        end
    end
endmodule
