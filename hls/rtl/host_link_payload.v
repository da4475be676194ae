// Payload of each reply, byte by byte: a multiplexer over constants, counters and results (layouts: docs/host-link.md).
`default_nettype none
module host_link_payload #(
    parameter        CLOCK_HZ      = 25000000,
    parameter        VECTOR_BYTES  = 40,
    parameter        CLASSES       = 5,
    parameter        CLASS_BITS    = 3,
    parameter [63:0] MODEL_HASH    = 0,  // first byte on the wire in the top bits, as it reads in hexadecimal
    parameter [63:0] BUILD_ID      = 0,
    parameter        BENCH_VECTORS = 1,
    parameter        MAX_PAYLOAD   = 63,
    parameter        BUFFER_BYTES  = 63,
    parameter        TIMEOUT_US    = 10000
) (
    input  wire [1:0]            status,
    input  wire [7:0]            command,
    input  wire [5:0]            index,
    input  wire [CLASS_BITS-1:0] class_data,
    input  wire [47:0]           cycles,
    input  wire [31:0]           checksum,
    input  wire [31:0]           inferences,
    input  wire [7:0]            counter,  // byte index - 4 of the event counters
    output wire [7:0]            reply_command,
    output reg  [5:0]            length,
    output reg  [7:0]            data
);
    localparam [7:0] VERSION = 1;
    localparam [7:0] IDENTIFY = 1, INFER = 2, BENCH = 3, COUNTERS = 4, ERROR_REPLY = 8'hff;

    function [63:0] first_byte_low(input [63:0] value);
        integer i;
        for (i = 0; i < 8; i = i + 1) first_byte_low[8*i +: 8] = value[8*(7 - i) +: 8];
    endfunction

    localparam [295:0] IDENTITY = {
        TIMEOUT_US[31:0], BUFFER_BYTES[15:0], MAX_PAYLOAD[15:0], BENCH_VECTORS[31:0], CLOCK_HZ[31:0], CLASSES[15:0],
        VECTOR_BYTES[15:0], first_byte_low(BUILD_ID), first_byte_low(MODEL_HASH), VERSION};

    // The reply to INFER is the first five bytes of the reply to BENCH.
    wire [7:0]   class_byte = {{8 - CLASS_BITS{1'b0}}, class_data};
    wire [127:0] results    = {inferences, 8'd0, checksum, cycles, class_byte};
    wire [3:0]   place      = command == COUNTERS ? {2'b11, index[1:0]} : index[3:0];
    wire [7:0]   result     = results[8*place +: 8];

    assign reply_command = status != 0 ? ERROR_REPLY : command | 8'h80;

    // Indices past a payload's end never occur.
    always @* begin
        data = result;
        if (status != 0) begin
            length = 2;
            data   = index[0] ? command : {6'd0, status};
        end else case (command)
            IDENTIFY: begin
                length = 37;
                data   = IDENTITY[8*index +: 8];
            end
            INFER: length = 5;
            BENCH: length = 11;
            default: begin
                length = 20;
                if (index >= 4) data = counter;
            end
        endcase
    end
endmodule
`default_nettype wire
