/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/zipf.h"

#include "base/error.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

struct zipf {
    gsl_ran_discrete_t *ranks;
    uint32_t *things; /* by rank; NULL: its own number */
};

struct zipf *zipf_create(uint64_t count, uint64_t exponent_thousandths, bool scattered,
                         gsl_rng *rng)
{
    struct zipf *zipf = must_alloc(1, sizeof *zipf, "a Zipf law");
    double *weights = must_alloc(count, sizeof *weights, "a Zipf law");
    for (uint64_t rank = 0; rank < count; rank++)
        weights[rank] = pow((double)(rank + 1), -(double)exponent_thousandths / 1000);
    zipf->ranks = gsl_ran_discrete_preproc(count, weights);
    free(weights);
    if (!scattered)
        return zipf;
    zipf->things = must_alloc(count, sizeof *zipf->things, "a Zipf law");
    for (uint32_t thing = 0; thing < count; thing++)
        zipf->things[thing] = thing;
    gsl_ran_shuffle(rng, zipf->things, count, sizeof *zipf->things);
    return zipf;
}

void zipf_destroy(struct zipf *zipf)
{
    gsl_ran_discrete_free(zipf->ranks);
    free(zipf->things);
    free(zipf);
}

uint64_t zipf_draw(const struct zipf *zipf, gsl_rng *rng)
{
    size_t rank = gsl_ran_discrete(rng, zipf->ranks);
    return zipf->things ? zipf->things[rank] : rank;
}
