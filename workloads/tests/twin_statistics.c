/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/tests/twin_statistics.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define P_MIN    1e-4
#define Z_MAX    3.9 /* both sides together: 1e-4 */
#define EXPECTED 10  /* bins with fewer are put together */

void sample_add(struct sample *sample, double value)
{
    if (sample->count++ == 0)
        sample->origin = value;
    double x = value - sample->origin, power = 1;
    for (unsigned i = 0; i < 4; i++)
        sample->sum[i] += power *= x;
    if (value >= 0)
        sample->bins[value < SAMPLE_BINS ? (size_t)value : SAMPLE_BINS - 1]++;
}

double sample_mean(const struct sample *sample)
{
    return sample->origin + sample->sum[0] / (double)sample->count;
}

double sample_variance(const struct sample *sample)
{
    double n = (double)sample->count;
    return (sample->sum[1] - sample->sum[0] * sample->sum[0] / n) / (n - 1);
}

/* Variance of sample_variance: (m4 - m2^2) / n, with the central moments of the sample. */
static double variance_of_variance(const struct sample *sample)
{
    double n = (double)sample->count, d = sample->sum[0] / n;
    double s2 = sample->sum[1] / n, s3 = sample->sum[2] / n, s4 = sample->sum[3] / n;
    double m2 = s2 - d * d, m4 = s4 - 4 * d * s3 + 6 * d * d * s2 - 3 * d * d * d * d;
    return (m4 - m2 * m2) / n;
}

static void expect_z(const char *what, const char *of, double got, double wanted, double variance)
{
    double off = got - wanted;
    if (off * off > Z_MAX * Z_MAX * variance)
        fail_msg("%s: %s is %.6g, not %.6g: z = %.2f", what, of, got, wanted, off / sqrt(variance));
}

void expect_moments(const char *what, const struct sample *sample, double mean, double variance)
{
    expect_z(what, "mean", sample_mean(sample), mean, variance / (double)sample->count);
    expect_z(what, "variance", sample_variance(sample), variance, variance_of_variance(sample));
}

static void expect_p(const char *what, double chi2, unsigned bins)
{
    double p = bins > 1 ? gsl_cdf_chisq_Q(chi2, bins - 1) : 1;
    if (!(p > P_MIN))
        fail_msg("%s: chi-square is %.1f with %u bins: p = %.2g", what, chi2, bins, p);
}

void expect_law(const char *what, const struct sample *sample, const double *probability,
                size_t bins)
{
    double n = (double)sample->count, chi2 = 0, seen = 0, wanted = 0, left = n, seen_left = n;
    unsigned used = 0;
    for (size_t i = 0; i < bins && i < SAMPLE_BINS - 1; i++) {
        seen += (double)sample->bins[i], wanted += n * probability[i];
        if (wanted < EXPECTED || left - wanted < EXPECTED)
            continue;
        chi2 += (seen - wanted) * (seen - wanted) / wanted;
        left -= wanted, seen_left -= seen;
        seen = wanted = 0, used++;
    }
    chi2 += (seen_left - left) * (seen_left - left) / left;
    expect_p(what, chi2, used + 1);
}

void expect_same_law(const char *what, const struct sample *a, const struct sample *b)
{
    double n = (double)a->count, m = (double)b->count;
    expect_z(what, "mean", sample_mean(a), sample_mean(b),
             sample_variance(a) / n + sample_variance(b) / m);
    expect_z(what, "variance", sample_variance(a), sample_variance(b),
             variance_of_variance(a) + variance_of_variance(b));
    double chi2 = 0, x = 0, y = 0;
    unsigned used = 0;
    for (size_t i = 0; i < SAMPLE_BINS; i++) {
        x += (double)a->bins[i], y += (double)b->bins[i];
        if (x + y < 2 * EXPECTED && i + 1 < SAMPLE_BINS)
            continue;
        double off = x * sqrt(m / n) - y * sqrt(n / m);
        if (x + y > 0)
            chi2 += off * off / (x + y), used++;
        x = y = 0;
    }
    expect_p(what, chi2, used);
}
