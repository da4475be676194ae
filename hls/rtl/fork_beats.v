// Gives each beat to several FIFOs, once all of them have room: a unit between FIFOs.
//
// Parameters: WIDTH bits a beat, OUTPUTS.
// Timing: a beat is pushed in the clock in which it is taken; one a clock.
module fork_beats #(
    parameter WIDTH = 8,
    parameter OUTPUTS = 2
) (
    input clk,
    input rst,
    input [WIDTH-1:0] in_data,
    input in_valid,
    output in_ready,
    output [OUTPUTS*WIDTH-1:0] out_data,
    output [OUTPUTS-1:0] out_push,
    output [OUTPUTS-1:0] out_reserve,
    input [OUTPUTS-1:0] out_room
);
    assign in_ready = &out_room;
    assign out_reserve = {OUTPUTS{in_valid && in_ready}};
    assign out_push = out_reserve;
    assign out_data = {OUTPUTS{in_data}};
endmodule
