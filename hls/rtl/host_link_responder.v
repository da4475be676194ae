// Sends one reply frame: sync, command, sequence number, length, payload, CRC.
//
// The payload is asked for by `index`. The last four bytes empty the CRC register itself: feeding it its own low byte
// shifts it down by eight.
`default_nettype none
module host_link_responder (
    input  wire       clk,
    input  wire       rst,
    input  wire       active,           // from the start of a reply to `done`
    input  wire [7:0] command,
    input  wire [7:0] sequence_number,
    input  wire [5:0] length,
    output wire       in_payload,       // the header is out
    output wire [5:0] index,
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
    reg [5:0] at = 0;  // byte of the section

    wire sent   = tx_valid && tx_ready;
    wire synced = section != HEADER || at >= 2;
    wire last   = at == (section == HEADER ? 6'd5 : section == PAYLOAD ? length - 6'd1 : 6'd3);
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
            4: tx_data = {2'd0, length};
            default: tx_data = 0;
        endcase

    always @(posedge clk)
        if (rst) begin
            section <= HEADER;
            at      <= 0;
        end else if (sent) begin
            at <= last ? 6'd0 : at + 6'd1;
            if (last) section <= section == CRC ? HEADER : section + 2'd1;
        end
endmodule
`default_nettype wire
