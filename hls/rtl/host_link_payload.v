// Payload of each reply, byte by byte: a multiplexer over constants, counters and results (layouts: docs/host-link.md).
`default_nettype none
module host_link_payload #(
    parameter        CLOCK_HZ      = 25000000,
    parameter        ANSWER_BYTES  = 1,
    parameter        PARTS         = 0,  // LOAD is a command only where this is not 0
    parameter        PART_BYTES    = 0,
    parameter [63:0] MODEL_HASH    = 0,  // first byte on the wire in the top bits, as it reads in hexadecimal
    parameter [63:0] BUILD_ID      = 0,
    parameter [175:0] TYPES        = 0,  // of input and output, first byte in the low bits
    parameter        BENCH_VECTORS = 1,
    parameter        MAX_PAYLOAD   = 63,
    parameter        BUFFER_BYTES  = 63,
    parameter        TIMEOUT_US    = 10000,
    parameter        INDEX         = 6   // bits of a payload's length
) (
    input  wire [1:0]       status,
    input  wire [7:0]       command,
    input  wire [INDEX-1:0] index,
    input  wire [7:0]       answer,   // its byte at `index`
    input  wire [47:0]      cycles,
    input  wire [31:0]      checksum,
    input  wire [31:0]      inferences,
    input  wire [15:0]      held,     // parts of the vector
    input  wire [7:0]       counter,  // byte index - 4 of the event counters
`ifdef SETTINGS
    input  wire [31:0]      setting_held,
`endif
    output wire [7:0]       reply_command,
    output reg  [INDEX-1:0] length,
    output reg  [7:0]       data
);
    localparam [7:0] VERSION = 2;
    localparam [7:0] IDENTIFY = 1, INFER = 2, BENCH = 3, COUNTERS = 4, LOAD = 5, ERROR_REPLY = 8'hff;
`ifdef SETTINGS
    localparam [7:0] SETTING = 8;
`endif
    localparam OF_INFER = ANSWER_BYTES + 4, OF_BENCH = ANSWER_BYTES + 10;

    function [63:0] first_byte_low(input [63:0] value);
        integer i;
        for (i = 0; i < 8; i = i + 1) first_byte_low[8*i +: 8] = value[8*(7 - i) +: 8];
    endfunction

    localparam [455:0] IDENTITY = {
        TYPES, TIMEOUT_US[31:0], BUFFER_BYTES[15:0], PART_BYTES[15:0], MAX_PAYLOAD[15:0], BENCH_VECTORS[31:0],
        CLOCK_HZ[31:0], first_byte_low(BUILD_ID), first_byte_low(MODEL_HASH), VERSION};

    // The reply to INFER is the beginning of the reply to BENCH: the answer, whose last byte is byte 0 of the results.
    localparam [31:0] LAST = ANSWER_BYTES - 1;
    localparam [3:0] BEFORE = LAST[3:0];
    wire         in_answer = ANSWER_BYTES > 1 && {{32 - INDEX{1'b0}}, index} <= LAST;
    wire [127:0] results   = {inferences, 8'd0, checksum, cycles, answer};
    wire [3:0]   place     = command == COUNTERS ? {2'b11, index[1:0]} : index[3:0] - BEFORE;
    wire [7:0]   result    = in_answer && command != COUNTERS ? answer : results[8*place +: 8];

    assign reply_command = status != 0 ? ERROR_REPLY : command | 8'h80;

    // Indices past a payload's end never occur.
    always @* begin
        data = result;
        if (status != 0) begin
            length = 2;
            data   = index[0] ? command : {6'd0, status};
        end else case (command)
            IDENTIFY: begin
                length = 57;
                data   = IDENTITY[8*index[5:0] +: 8];
            end
            INFER: length = OF_INFER[INDEX-1:0];
            BENCH: length = OF_BENCH[INDEX-1:0];
`ifdef SETTINGS
            SETTING: begin
                length = 4;
                data   = setting_held[8*index[1:0] +: 8];
            end
`endif
            default: begin
                length = 20;
                if (index >= 4) data = counter;
                if (PARTS != 0 && command == LOAD) begin
                    length = 2;
                    data   = index[0] ? held[15:8] : held[7:0];
                end
            end
        endcase
    end
endmodule
`default_nettype wire
