// Looks up LANES codes a beat.
//
// Parameters: LANES codes of IN_BITS become codes of OUT_BITS. FILE has TABLES (1, or one a channel) times 2**IN_BITS
//   words, the tables one after the other. ROM_STYLE is the ROMs' rom_style attribute; each lane has a ROM.
// Timing: a beat every clock, 3 clocks from it to its result.
module table_lookup #(
    parameter LANES = 1,
    parameter IN_BITS = 8,
    parameter OUT_BITS = 8,
    parameter TABLES = 1,
    parameter ROM_STYLE = "auto",
    parameter FILE = ""
) (
    input clk,
    input rst,
    input [LANES*IN_BITS-1:0] in_data,
    input in_valid,
    output in_ready,
    output [LANES*OUT_BITS-1:0] out_data,
    output out_push,
    output out_reserve,
    input out_room
);
    localparam BEATS = TABLES > LANES ? TABLES / LANES : 1;
    localparam BEAT_BITS = BEATS > 1 ? $clog2(BEATS) : 1;
    localparam [BEAT_BITS-1:0] LAST_BEAT = BEATS - 1;
    localparam WORDS = TABLES << IN_BITS;

    wire issue = in_valid && out_room;
    assign in_ready = out_room;
    assign out_reserve = issue;
    reg [2:0] issued;
    reg [BEAT_BITS-1:0] beat;
    always @(posedge clk) begin
        issued <= rst ? 3'b0 : {issued[1:0], issue};
        if (rst || (issue && beat == LAST_BEAT))
            beat <= 0;
        else if (issue)
            beat <= beat + 1'b1;
    end
    assign out_push = issued[2];

    genvar p;
    generate
        for (p = 0; p < LANES; p = p + 1) begin : lane
            (* rom_style = ROM_STYLE *)
            reg [OUT_BITS-1:0] rom [0:WORDS-1];
            if (FILE != "") begin : load
                initial $readmemh(FILE, rom);
            end
            reg [$clog2(WORDS)-1:0] address;
            reg [OUT_BITS-1:0] fetched, found;
            always @(posedge clk) begin
                address <= in_data[p*IN_BITS +: IN_BITS] + ((TABLES > 1 ? beat * LANES + p : 0) << IN_BITS);
                fetched <= rom[address];
                found <= fetched;
            end
            assign out_data[p*OUT_BITS +: OUT_BITS] = found;
        end
    endgenerate
endmodule
