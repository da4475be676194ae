// Sends back every byte received with a good stop bit.
module chip #(parameter CLOCK_HZ = 27000000, parameter BAUD = 115200) (
    input wire clk, input wire uart_rx, output wire uart_tx, output wire led
);
    wire [7:0] data;
    wire valid, bad, line_break, ready, bit_tick;
    reg [7:0] kept = 0;
    reg waits = 0;
    assign led = line_break;
    uart_rx #(.CLOCK_HZ(CLOCK_HZ), .BAUD(BAUD)) rx (
        .clk(clk), .rx(uart_rx), .bit_tick(bit_tick), .data(data), .valid(valid), .bad(bad), .line_break(line_break));
    uart_tx #(.CLOCK_HZ(CLOCK_HZ), .BAUD(BAUD)) tx (
        .clk(clk), .rst(1'b0), .data(kept), .valid(waits), .ready(ready), .tx(uart_tx));
    always @(posedge clk) begin
        if (ready) waits <= 0;
        if (valid && !bad) begin
            kept <= data;
            waits <= 1;
        end
    end
endmodule
