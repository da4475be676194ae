// Payload of each reply of the streamed form, byte by byte (layouts: docs/host-link.md).
`default_nettype none
module stream_link_payload #(
    parameter [455:0] IDENTITY = 0,  // the whole reply to identify, first byte in the low bits
    parameter         INDEX    = 11  // bits of a payload's length
) (
    input  wire [1:0]       status,
    input  wire [7:0]       command,
    input  wire [INDEX-1:0] index,
    input  wire [47:0]      cycles,
    input  wire [31:0]      checksum,
    input  wire [31:0]      inferences,
    input  wire [31:0]      parts,    // of vectors, that counted
    input  wire [31:0]      taken,    // parts of answers that the host has
    input  wire             sends,    // the next one is there
    input  wire [INDEX-1:0] size,     // its bytes
    input  wire [7:0]       answer,   // its byte at `index` - 4
    input  wire [7:0]       counter,  // byte index - 4 of the event counters
`ifdef SETTINGS
    input  wire [31:0]      setting_held,
`endif
    output wire [7:0]       reply_command,
    output reg  [INDEX-1:0] length,
    output reg  [7:0]       data
);
    localparam [7:0] IDENTIFY = 1, BENCH = 3, COUNTERS = 4, PUSH = 6, ERROR_REPLY = 8'hff;
`ifdef SETTINGS
    localparam [7:0] SETTING = 8;
`endif
    wire [79:0] results = {checksum, cycles};
    wire        behind  = index >= 4;
    assign reply_command = status != 0 ? ERROR_REPLY : command | 8'h80;

    // Indices past a payload's end never occur.
    always @* begin
        length = 4;
        if (status != 0) begin
            length = 2;
            data   = index[0] ? command : {6'd0, status};
        end else case (command)
            IDENTIFY: begin
                length = 57;
                data   = IDENTITY[8*index[5:0] +: 8];
            end
            BENCH: begin
                length = 10;
                data   = results[8*index[3:0] +: 8];
            end
            COUNTERS: begin
                length = 20;
                data   = behind ? counter : inferences[8*index[1:0] +: 8];
            end
            PUSH: data = parts[8*index[1:0] +: 8];
`ifdef SETTINGS
            SETTING: data = setting_held[8*index[1:0] +: 8];
`endif
            default: begin
                if (sends) length = size + 4;
                data = behind ? answer : taken[8*index[1:0] +: 8];
            end
        endcase
    end
endmodule
`default_nettype wire
