/* SPDX-License-Identifier: MIT */
/* Profiles. */
#include "torture.h"

static mlpipe_status torture_profile_run(torture *t)
{
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_dataset *d;
    mlpipe_status st = torture_dataset(t->plain, &d);

    if (st)
        return st;
    st = mlpipe_dataset_profile(t->c, d, "target=color sample=50", &r);
    torture_check(t, !st == (r != NULL));
    torture_check(t, mlpipe_dataset_rows(d) == 60);
    if (!st)
        torture_tell(t, r);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_profile_drift(torture *t)
{
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_dataset *d, *half;
    mlpipe_status st = torture_dataset(t->plain, &d);

    if (st)
        return st;
    st = mlpipe_dataset_slice(t->plain, d, 20, 40, &half);
    if (!st) {
        st = mlpipe_dataset_drift(t->c, d, half, "min_rows=20", &r);
        torture_check(t, !st == (r != NULL));
    }
    if (!st) {
        torture_tell(t, r);
        mlpipe_report_free(r);
    }
    mlpipe_dataset_free(half);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_profile_page(torture *t)
{
    mlpipe_buffer *b = (mlpipe_buffer *)t;
    mlpipe_report *r;
    mlpipe_dataset *d;
    mlpipe_status st = torture_dataset(t->plain, &d);

    if (st)
        return st;
    st = mlpipe_dataset_profile(t->plain, d, NULL, &r);
    if (!st)
        st = mlpipe_report_render(t->c, r, "html", &b);
    torture_check(t, !st == (b != NULL));
    if (!st)
        torture_text(t, mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    return st;
}

const torture_scenario torture_profile[] = {
    {"mlpipe_dataset_profile", torture_profile_run, 0},
    {"mlpipe_dataset_drift", torture_profile_drift, 0},
    {"mlpipe_report_render", torture_profile_page, 0},
    {NULL, NULL, 0},
};
