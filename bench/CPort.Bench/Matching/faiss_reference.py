"""FAISS (Debian's python3-faiss) and a VPOPCNTDQ scan in C on the same raw files, one thread; prints one line of JSON.

usage: faiss_reference.py VALUES QUERIES RADIUS RUNS FLAT_QUERIES HASH_QUERIES SCAN_SOURCE
VALUES and QUERIES are 32-byte values one after the other. Rates are queries a second, one for each run. `hits` are the numbers of
hits of the first queries. The scan is compiled with cc; without a compiler, or without faiss, that part is null.
"""
import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np


def rates(search, queries, runs, batch):
    result = []
    for _ in range(runs):
        start = time.perf_counter()
        for i in range(0, len(queries), batch):
            search(queries[i:i + batch])
        result.append(len(queries) / (time.perf_counter() - start))
    return result


def faiss_figures(values, queries, radius, runs, flat_queries, hash_queries):
    try:
        import faiss
    except ImportError:
        return None
    faiss.omp_set_num_threads(1)
    result = {"version": faiss.__version__}
    # FAISS takes hits nearer than the radius, not at it.
    flat = faiss.IndexBinaryFlat(256)
    flat.add(values)
    some = queries[:flat_queries]
    search = lambda q: flat.range_search(q, radius + 1)
    lims = search(some)[0]
    result["flat"] = {"single": rates(search, some, runs, 1), "batch": rates(search, some, runs, 64), "hits": np.diff(lims).tolist()}
    del flat
    start = time.perf_counter()
    multi = faiss.IndexBinaryMultiHash(256, 16, 16)
    multi.nflip = 1
    multi.add(values)
    built = time.perf_counter() - start
    some = queries[:hash_queries]
    search = lambda q: multi.range_search(q, radius + 1)
    lims = search(some)[0]
    result["multihash"] = {"build": built, "single": rates(search, some, runs, 1), "batch": rates(search, some, runs, 64), "hits": np.diff(lims).tolist()}
    return result


def scan_figures(values, queries, radius, runs, count, source):
    library = os.path.join(tempfile.mkdtemp(), "scan.so")
    try:
        subprocess.run(["cc", "-O3", "-march=native", "-shared", "-fPIC", "-o", library, source], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    scan = ctypes.CDLL(library).scan
    scan.argtypes = [ctypes.c_void_p, ctypes.c_long, ctypes.c_void_p, ctypes.c_long, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
    planes = np.zeros((4, len(values) + 8), dtype=np.uint64)
    planes[:, :len(values)] = values.view(np.uint64).reshape(-1, 4).T
    hits = np.zeros(count, dtype=np.int64)

    def search(block):
        def run(q):
            scan(planes.ctypes.data, len(values), q.ctypes.data, len(q), radius, block, hits.ctypes.data)
        return run

    some = np.ascontiguousarray(queries[:count])
    figures = {"single": rates(search(len(values)), some, runs, 1), "batch": rates(search(1024), some, runs, 64)}
    search(1024)(some)
    figures["hits"] = hits.tolist()
    os.remove(library)
    return figures


def main():
    values = np.fromfile(sys.argv[1], dtype=np.uint8).reshape(-1, 32)
    queries = np.fromfile(sys.argv[2], dtype=np.uint8).reshape(-1, 32)
    radius, runs, flat_queries, hash_queries = map(int, sys.argv[3:7])
    result = {"scan": scan_figures(values, queries, radius, runs, flat_queries, sys.argv[7])}
    result["faiss"] = faiss_figures(values, queries, radius, runs, flat_queries, hash_queries)
    print(json.dumps(result))


main()
