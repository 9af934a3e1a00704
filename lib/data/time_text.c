/* SPDX-License-Identifier: MIT */
/* A time for people, in UTC. */
#include "data_internal.h"

size_t mlpipe__time_text(int64_t count, int32_t unit,
                            char out[MLPIPE__TIME_TEXT_BYTES])
{
    static const int64_t per_second[] = {1, 1, 1000, 1000000, 1000000000};
    const int64_t scale =
        per_second[unit >= MLPIPE_UNIT_S && unit <= MLPIPE_UNIT_NS ? unit
                                                                   : 0];
    int64_t seconds = count / scale;
    int64_t fraction = count % scale;
    int32_t y, m, d;

    if (fraction < 0) {
        fraction += scale;
        seconds--;
    }
    int64_t days = seconds / 86400, clock = seconds % 86400;
    if (clock < 0) {
        clock += 86400;
        days--;
    }
    if (days < -719162 || days > 2932896) /* beyond the years 1 to 9999 */
        return mlpipe__format(out, MLPIPE__TIME_TEXT_BYTES, "%lld %s",
                              (long long)count, mlpipe__unit_name(unit));
    mlpipe__civil_from_days(days, &y, &m, &d);
    size_t n = mlpipe__format(
        out, MLPIPE__TIME_TEXT_BYTES, "%d%d%d%d-%d%d-%d%d", y / 1000,
        y / 100 % 10, y / 10 % 10, y % 10, m / 10, m % 10, d / 10, d % 10);
    if (clock || fraction)
        n += mlpipe__format(out + n, MLPIPE__TIME_TEXT_BYTES - n,
                            "T%d%d:%d%d:%d%d", (int)(clock / 36000),
                            (int)(clock / 3600 % 10),
                            (int)(clock % 3600 / 600),
                            (int)(clock / 60 % 10), (int)(clock % 60 / 10),
                            (int)(clock % 10));
    if (fraction) {
        char digits[10];
        uint32_t used = 0;
        for (int64_t at = scale / 10; at && fraction; at /= 10) {
            digits[used++] = (char)('0' + fraction / at);
            fraction %= at;
        }
        n += mlpipe__format(out + n, MLPIPE__TIME_TEXT_BYTES - n, ".%.*s",
                            (int)used, digits);
    }
    return n;
}
