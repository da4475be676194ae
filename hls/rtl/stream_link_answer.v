// Parts of answers on their way to the host: one is sent while another fills. Two that are full hold the core back.
//
// A part has PART_BYTES bytes, and the last of an answer those that are left. It stays until the host asks for the next
// one, so it can be asked for again and again.
`default_nettype none
module stream_link_answer #(
    parameter PART_BYTES = 1024,
    parameter INDEX      = 11      // bits of a payload's length, more than a part's number of bytes has
) (
    input  wire             clk,
    input  wire             rst,
    input  wire [7:0]       in_data,
    input  wire             in_last,   // of an answer
    input  wire             in_valid,
    output wire             in_ready,
    input  wire             asked,     // one cycle: for the part of that number
    input  wire [31:0]      number,
    output reg  [31:0]      taken,     // parts that the host has; the number of the one that it waits for
    output reg              sends,     // that one is there, from two cycles after `asked` to the next one
    output wire [INDEX-1:0] size,      // its bytes
    input  wire [INDEX-1:0] index,
    output wire [7:0]       data       // the byte at `index`, two cycles after it
);
    localparam AT   = PART_BYTES > 1 ? $clog2(PART_BYTES) : 1;
    localparam LAST = PART_BYTES - 1;

    reg [7:0] bytes [0:(2<<AT)-1];
    reg [7:0] read = 0, settled = 0;
    reg [AT-1:0] at = 0;
    reg write_half = 0, read_half = 0, was_asked = 0;
    reg [1:0] held = 0;  // whole parts
    reg [INDEX-1:0] sizes [0:1];
    initial {taken, sends} = 0;

    wire write   = in_valid && in_ready;
    wire whole   = write && (in_last || at == LAST[AT-1:0]);
    wire release_ = asked && held != 0 && number == taken + 1'b1;
    assign in_ready = !held[1];
    assign size     = sizes[read_half];
    assign data     = settled;

    always @(posedge clk) begin
        if (write) bytes[{write_half, at}] <= in_data;
        read    <= bytes[{read_half, index[AT-1:0]}];
        settled <= read;
        if (whole) sizes[write_half] <= {{INDEX - AT{1'b0}}, at} + 1'b1;
    end

    always @(posedge clk) begin
        if (write) at <= whole ? {AT{1'b0}} : at + 1'b1;
        if (whole) write_half <= !write_half;
        if (release_) begin
            read_half <= !read_half;
            taken     <= taken + 1'b1;
        end
        if (whole != release_) held <= whole ? held + 1'b1 : held - 1'b1;
        was_asked <= asked;
        if (was_asked) sends <= held != 0;
        if (rst) begin
            at         <= 0;
            write_half <= 0;
            read_half  <= 0;
            taken      <= 0;
            held       <= 0;
            sends      <= 0;
        end
    end

    wire unused = &{1'b0, index[INDEX-1:AT]};
endmodule
`default_nettype wire
