// Sends one reply frame: sync, command, sequence number, length, payload, CRC.
//
// The payload is asked for by `index`. The last four bytes empty the CRC register itself: feeding it its own low byte
// shifts it down by eight.
`default_nettype none
module host_link_responder #(
    parameter INDEX = 6               // bits of a payload's length, up to 16
) (
    input  wire       clk,
    input  wire       rst,
    input  wire       active,           // from the start of a reply to `done`
    input  wire [7:0] command,
    input  wire [7:0] sequence_number,
    input  wire [INDEX-1:0] length,
    output wire       in_payload,       // the header is out
    output wire [INDEX-1:0] index,
    input  wire [7:0] payload,
    output wire       crc_enable,
    output wire [7:0] crc_data,
    input  wire [7:0] crc_low,
    output reg  [7:0] tx_data,
    output wire       tx_valid,
    input  wire       tx_ready,
    output wire       done              // the last byte has been handed over
);
    localparam [7:0] SYNC_0 = 8'h47, SYNC_1 = 8'h57;
    localparam [1:0] HEADER = 0, PAYLOAD = 1, CRC = 2;
    reg [1:0] section = HEADER;
    reg [INDEX-1:0] at = 0;  // byte of the section
    wire [15:0] wide = {{16 - INDEX{1'b0}}, length};

    wire sent   = tx_valid && tx_ready;
    wire synced = section != HEADER || at >= 2;
    wire last   = at == (section == HEADER ? 5 : section == PAYLOAD ? length - 1'b1 : 3);
    assign tx_valid   = active;
    assign index      = at;
    assign in_payload = section == PAYLOAD;
    assign crc_enable = sent && synced;
    assign crc_data   = section == CRC ? ~tx_data : tx_data;
    assign done       = sent && last && section == CRC;

    always @*
        if (section == CRC) tx_data = ~crc_low;
        else if (section == PAYLOAD) tx_data = payload;
        else case (at[2:0])
            0: tx_data = SYNC_0;
            1: tx_data = SYNC_1;
            2: tx_data = command;
            3: tx_data = sequence_number;
            4: tx_data = wide[7:0];
            default: tx_data = wide[15:8];
        endcase

    always @(posedge clk)
        if (rst) begin
            section <= HEADER;
            at      <= 0;
        end else if (sent) begin
            at <= last ? {INDEX{1'b0}} : at + 1'b1;
            if (last) section <= section == CRC ? HEADER : section + 2'd1;
        end
endmodule
`default_nettype wire
