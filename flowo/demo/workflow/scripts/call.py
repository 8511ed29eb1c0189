"""Calls variants, so to speak; with too little memory for an unlucky sample it ends as a real caller does."""

import argparse
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("sample")
parser.add_argument("--unlucky")
parser.add_argument("--memory", type=int)
parser.add_argument("--seconds", type=float)
parser.add_argument("aligned")
parser.add_argument("variants")
given = parser.parse_args()

print(f"calling variants of {given.sample} with {given.memory} MB", flush=True)
time.sleep(given.seconds / 2)
if given.sample == given.unlucky and given.memory < 2000:
    print("region chr1:1-60: 1,204 reads", flush=True)
    print("MemoryError: cannot allocate the pileup of chr1:1-60", file=sys.stderr)
    sys.exit(1)
time.sleep(given.seconds / 2)
with open(given.aligned) as aligned, open(given.variants, "w") as variants:
    for line in aligned:
        position, sequence = line.split()
        if sequence.startswith("ACG"):
            variants.write(f"chr1\t{position}\t.\tA\tG\n")
print("done")
