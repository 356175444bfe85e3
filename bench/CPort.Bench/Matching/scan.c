/* The physical reference: every value against every query, word by word (planes of n + 8 words each), giving up after half of the bits.
   Counts hits. block: values that stay in the cache for all queries. Built by faiss_reference.py with -march=native. */
#include <stdint.h>
#ifdef __AVX512VPOPCNTDQ__
#include <immintrin.h>
#endif

void scan(const uint64_t *planes, long n, const uint64_t *queries, long count, int radius, long block, int64_t *hits)
{
    const uint64_t *p0 = planes, *p1 = p0 + n + 8, *p2 = p1 + n + 8, *p3 = p2 + n + 8;
    for (long q = 0; q < count; q++) hits[q] = 0;
    for (long from = 0; from < n; from += block) {
        long to = from + block < n ? from + block : n;
        for (long q = 0; q < count; q++) {
            const uint64_t *v = queries + 4 * q;
            int64_t found = 0;
            long i = from;
#ifdef __AVX512VPOPCNTDQ__
            __m512i q0 = _mm512_set1_epi64(v[0]), q1 = _mm512_set1_epi64(v[1]), q2 = _mm512_set1_epi64(v[2]), q3 = _mm512_set1_epi64(v[3]);
            __m512i limit = _mm512_set1_epi64(radius);
            for (; i + 8 <= to; i += 8) {
                __m512i s = _mm512_add_epi64(_mm512_popcnt_epi64(_mm512_xor_si512(_mm512_loadu_si512(p0 + i), q0)),
                                             _mm512_popcnt_epi64(_mm512_xor_si512(_mm512_loadu_si512(p1 + i), q1)));
                __mmask8 m = _mm512_cmple_epu64_mask(s, limit);
                if (m) {
                    s = _mm512_add_epi64(s, _mm512_add_epi64(_mm512_popcnt_epi64(_mm512_xor_si512(_mm512_loadu_si512(p2 + i), q2)),
                                                             _mm512_popcnt_epi64(_mm512_xor_si512(_mm512_loadu_si512(p3 + i), q3))));
                    found += __builtin_popcount(_mm512_mask_cmple_epu64_mask(m, s, limit));
                }
            }
#endif
            for (; i < to; i++) {
                int d = __builtin_popcountll(p0[i] ^ v[0]) + __builtin_popcountll(p1[i] ^ v[1]);
                if (d <= radius) found += d + __builtin_popcountll(p2[i] ^ v[2]) + __builtin_popcountll(p3[i] ^ v[3]) <= radius;
            }
            hits[q] += found;
        }
    }
}
