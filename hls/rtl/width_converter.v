// Changes the number of elements a beat by an integer ratio, up or down, keeping their order.
//
// Parameters: IN_WIDTH and OUT_WIDTH in bits; one divides the other. The first beat is the lowest.
// Timing: one beat a cycle on the narrow side; a beat leaves the cycle after it is complete.
module width_converter #(
    parameter IN_WIDTH = 2,
    parameter OUT_WIDTH = 4
) (
    input clk,
    input rst,
    input [IN_WIDTH-1:0] in_data,
    input in_valid,
    output in_ready,
    output [OUT_WIDTH-1:0] out_data,
    output out_valid,
    input out_ready
);
    localparam RATIO = OUT_WIDTH > IN_WIDTH ? OUT_WIDTH / IN_WIDTH : IN_WIDTH / OUT_WIDTH;
    localparam COUNT_BITS = $clog2(RATIO + 1);
    localparam [COUNT_BITS-1:0] FULL = RATIO;
    reg [COUNT_BITS-1:0] count;  // narrow beats held

    generate
        if (OUT_WIDTH > IN_WIDTH) begin : up
            reg [OUT_WIDTH-1:0] held;
            assign out_valid = count == FULL;
            assign in_ready = !out_valid || out_ready;
            assign out_data = held;
            always @(posedge clk) begin
                if (in_valid && in_ready) begin
                    held <= {in_data, held[OUT_WIDTH-1:IN_WIDTH]};
                    count <= out_valid ? {{(COUNT_BITS-1){1'b0}}, 1'b1} : count + 1'b1;
                end else if (out_ready && out_valid)
                    count <= 0;
                if (rst)
                    count <= 0;
            end
        end else begin : down
            reg [IN_WIDTH-1:0] held;
            assign out_valid = count != 0;
            assign in_ready = count == 0 || (count == 1 && out_ready);
            assign out_data = held[OUT_WIDTH-1:0];
            always @(posedge clk) begin
                if (in_valid && in_ready) begin
                    held <= in_data;
                    count <= FULL;
                end else if (out_valid && out_ready) begin
                    held <= held >> OUT_WIDTH;
                    count <= count - 1'b1;
                end
                if (rst)
                    count <= 0;
            end
        end
    endgenerate
endmodule
