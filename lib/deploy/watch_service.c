/* SPDX-License-Identifier: MIT */
/*
 * How a deployment serves: rows per second, latencies, errors by code; of the
 * newest closed pane and, behind "deployment.", since it was deployed. Every
 * number here is in report_names.c.
 */
#include "watch_internal.h"

#define SERVICE_ALL "deployment."

double mlpipe__watch_speed(uint64_t rows, int64_t from_us, int64_t to_us)
{
    const double us = (double)to_us - (double)from_us;

    return us > 0 ? (double)rows / us * 1e6 : mlpipe__nan();
}

static void service_figure(mlpipe_report *r, const char *prefix,
                           const char *name, const mlpipe_figure *f)
{
    char whole[64];

    mlpipe__format(whole, sizeof whole, "%s%s", prefix, name);
    mlpipe__report_figure(r, whole, f);
}

static void service_number(mlpipe_report *r, const char *prefix,
                           const char *name, double value)
{
    const double nan = mlpipe__nan();
    const mlpipe_figure f = {value, nan, nan, nan};

    service_figure(r, prefix, name, &f);
}

/* counts: of a lane; NULL where no pane is closed. */
static void service_latency(mlpipe_report *r, const char *prefix,
                            const uint64_t *counts, uint32_t first)
{
    static const struct {
        const char *name;
        double q;
    } parts[] = {
        {"latency_ns_p50", 0.5},
        {"latency_ns_p90", 0.9},
        {"latency_ns_p99", 0.99},
        {"latency_ns_p99_9", 0.999},
    };
    const double nan = mlpipe__nan();
    const mlpipe_figure none = {nan, nan, nan, nan};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const mlpipe_figure f =
            counts ? mlpipe__latency_quantile(counts + first, parts[i].q)
                   : none;
        service_figure(r, prefix, parts[i].name, &f);
    }
    service_number(r, prefix, "latency_ns_max",
                   counts ? mlpipe__latency_max(counts + first) : nan);
    service_number(r, prefix, "latency_ns_n",
                   counts ? (double)mlpipe__latency_count(counts + first)
                          : nan);
}

/* A share of the requests, with Wilson's interval. */
static mlpipe_figure service_rate(double part, double requests)
{
    const double nan = mlpipe__nan();
    mlpipe_figure f = {part / requests, nan, nan, requests};

    mlpipe__metric_wilson(&f, requests);
    return f;
}

static double service_requests(const uint64_t *counts)
{
    return (double)counts[MLPIPE__COUNT_ROWS] +
           (double)counts[MLPIPE__COUNT_FAILED];
}

/* What was refused or has no answer, of all requests. */
static void service_errors(mlpipe_report *r, const char *prefix,
                           const uint64_t *counts)
{
    const mlpipe_figure f =
        service_rate((double)counts[MLPIPE__COUNT_FAILED] +
                         (double)counts[MLPIPE__COUNT_UNANSWERED],
                     service_requests(counts));

    service_figure(r, prefix, "errors", &f);
}

/* Codes that never came in this deployment are left out. */
static void service_codes(const mlpipe_monitor *m, mlpipe_report *r)
{
    for (uint32_t i = 0; i < MLPIPE__COUNT_CODE_ROOM; i++) {
        const uint32_t at = MLPIPE__COUNT_CODES + i;
        char name[48];
        mlpipe_figure f;
        if (!m->now[at])
            continue;
        mlpipe__report_error_name(i, name, sizeof name);
        f = service_rate((double)m->pane[at], service_requests(m->pane));
        service_figure(r, "", name, &f);
        f = service_rate((double)m->now[at], service_requests(m->now));
        service_figure(r, SERVICE_ALL, name, &f);
    }
}

static void service_codes_table(const mlpipe_monitor *m, mlpipe_report *r)
{
    mlpipe__report_table(r, "errors_by_code", "code,requests,pane_requests");
    for (uint32_t i = 0; i < MLPIPE__COUNT_CODE_ROOM; i++) {
        const uint32_t at = MLPIPE__COUNT_CODES + i;
        const char *name =
            mlpipe_status_name(i ? -(mlpipe_status)i : INT32_MIN);
        if (!m->now[at])
            continue;
        mlpipe__report_cell_text(r, name, strlen(name));
        mlpipe__report_cell_number(r, (double)m->now[at]);
        mlpipe__report_cell_number(
            r, m->pane_closed ? (double)m->pane[at] : mlpipe__nan());
    }
}

/* Doublings from 256 ns to 17 s, in seconds, as scrapers want them: each is an
 * edge of cells, so that the counts are exact. */
static void service_histogram(const uint64_t *counts, mlpipe_report *r)
{
    const double n = (double)mlpipe__latency_count(counts);

    mlpipe__report_number(r, "latency_seconds_sum", (double)counts[0] / 1e9);
    if (!(n > 0))
        return;
    mlpipe__report_table(r, "latency_seconds", "le,count");
    for (uint32_t power = 8; power <= 34; power++) {
        mlpipe__report_cell_number(r, (double)((uint64_t)1 << power) / 1e9);
        mlpipe__report_cell_number(
            r, (double)mlpipe__latency_within(counts, power));
    }
    mlpipe__report_cell_number(r, mlpipe__inf());
    mlpipe__report_cell_number(r, n);
}

void mlpipe__watch_put_service(const mlpipe_monitor *m, mlpipe_report *r)
{
    const uint32_t first =
        mlpipe__slot_current(m->slot)->recorder.latency_first;

    mlpipe__report_number(r, "rows_per_second",
                          m->pane_closed ? m->pane_speed : mlpipe__nan());
    mlpipe__report_number(
        r, SERVICE_ALL "rows_per_second",
        m->since_known ? mlpipe__watch_speed(m->tick_rows - m->since_rows,
                                             m->since_us, m->now_us)
                       : mlpipe__nan());
    service_latency(r, "", m->pane_closed ? m->pane : NULL, first);
    service_latency(r, SERVICE_ALL, m->now, first);
    service_errors(r, "", m->pane);
    service_errors(r, SERVICE_ALL, m->now);
    service_codes(m, r);
    service_codes_table(m, r);
    service_histogram(m->now + first, r);
}
