// A memory of earlier answers before a network that is a sum: every answer, and which vectors reach the network.
//
// Arguments: the sizes of the module, and a seed. Vectors come from a pool a little larger than the memory; all sides pause
// at random; now and then the network changes, and the memory is told to forget. Two vectors of the pool have one hash.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <list>
#include <random>
#include <vector>

#include "Vmodel.h"

using Vector = std::vector<int>;

int main(int count, char **words) {
    if (count != 5) return 2;
    const int in_beats = atoi(words[1]), out_beats = atoi(words[2]), places = atoi(words[3]), vectors = 400;
    std::mt19937 numbers(atoi(words[4]));
    auto one_in = [&](int n) { return numbers() % n == 0; };
    std::vector<Vector> pool(places + 3, Vector(in_beats));
    for (Vector &vector : pool)
        for (int &beat : vector) beat = numbers() % 256;
    for (size_t i = 1; i < pool.size(); i++) {  // They differ late.
        Vector other = pool[0];
        other.back() ^= i;
        pool[i] = other;
    }
    if (in_beats > 1) {
        // A beat is turned by five places behind the next one.
        pool[1] = pool[0];
        pool[1][0] ^= 1;
        pool[1][1] ^= 32;
    }

    Vmodel chip;
    int salt = 0, begun = 0, done = 0, reached = 0, missed = 0;
    std::deque<int> entering, expected, answers;
    std::list<Vector> recent;
    Vector coming;
    auto answer = [&](const Vector &vector, int beat) {
        int sum = salt + 13 * beat;
        for (int value : vector) sum = 7 * sum + value;
        return sum & 255;
    };
    for (long clock = 0; done < vectors * out_beats; clock++) {
        if (clock > 2000L * vectors) return printf("hangs\n"), 1;
        bool forget = false;
        if (entering.empty() && expected.empty() && begun < vectors) {
            if (one_in(40)) {
                forget = true;
                salt++;
                recent.clear();
            } else {
                const Vector &vector = pool[numbers() % pool.size()];
                auto found = std::find(recent.begin(), recent.end(), vector);
                if (found != recent.end()) recent.erase(found);
                else missed++;
                recent.push_front(vector);
                if ((int)recent.size() > places) recent.pop_back();
                entering.assign(vector.begin(), vector.end());
                for (int beat = 0; beat < out_beats; beat++) expected.push_back(answer(vector, beat));
                begun++;
            }
        }
        chip.clk = 0;
        chip.rst = clock < 3;
        chip.forget = forget;
        chip.in_valid = clock > 5 && !entering.empty() && !one_in(3);
        chip.in_data = entering.empty() ? 0 : entering.front();
        chip.to_ready = !one_in(3);
        chip.out_ready = !one_in(2);
        chip.from_valid = !answers.empty();
        chip.from_data = answers.empty() ? 0 : answers.front();
        chip.eval();
        if (chip.out_valid && chip.out_ready) {
            if (expected.empty() || expected.front() != chip.out_data) return printf("beat %d is wrong\n", done), 1;
            expected.pop_front();
            done++;
        }
        if (chip.from_valid && chip.from_ready) answers.pop_front();
        if (chip.to_valid && chip.to_ready) {
            coming.push_back(chip.to_data);
            if ((int)coming.size() == in_beats) {
                for (int beat = 0; beat < out_beats; beat++) answers.push_back(answer(coming, beat));
                coming.clear();
                reached++;
            }
        }
        if (chip.in_valid && chip.in_ready) entering.pop_front();
        chip.clk = 1;
        chip.eval();
    }
    printf("%d %d\n", reached, missed);
    return reached == missed ? 0 : 1;
}
