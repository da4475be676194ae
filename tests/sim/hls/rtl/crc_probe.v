// After each byte received, sends the CRC of all bytes so far, before the final inversion, low byte first.
module chip (input wire clk, input wire uart_rx, output wire uart_tx, output wire led);
    wire [7:0] data;
    wire valid, bad, line_break, ready, bit_tick;
    wire [31:0] crc;
    reg [31:0] kept = 0;
    reg [2:0] left = 0;
    reg update = 0;
    reg first = 1;
    assign led = line_break | bad;
    uart_rx #(.CLOCK_HZ(8), .BAUD(1)) rx (
        .clk(clk), .rx(uart_rx), .bit_tick(bit_tick), .data(data), .valid(valid), .bad(bad), .line_break(line_break));
    crc32 check (.clk(clk), .clear(first), .enable(valid), .data(data), .crc(crc));
    uart_tx #(.CLOCK_HZ(8), .BAUD(1)) tx (
        .clk(clk), .rst(1'b0), .data(kept[7:0]), .valid(left != 0), .ready(ready), .tx(uart_tx));
    always @(posedge clk) begin
        first <= 0;
        update <= valid;
        if (ready && left != 0) begin
            kept <= kept >> 8;
            left <= left - 1'b1;
        end
        if (update) begin
            kept <= crc;
            left <= 4;
        end
    end
endmodule
