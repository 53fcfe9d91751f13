"""What the report says in words."""

HEADINGS = {"benchmarks": "Benchmarks", "benchmarks-remote": "Benchmarks of S3 and Azure"}

HEAD = """
Datanectar beside what people would use instead, and beside a *floor*: the same work by hand, in as few system calls
as it takes. Read the ratios. They are of one run, each taken within a round and then the median over the rounds; how
many milliseconds it is depends on the machine. A ratio is time by time: below 1× is faster than the other.
"""

#: By page.
PICTURES = {
    "benchmarks": """
![Small work: import, hits, graphs; time by that of joblib](benchmarks-small.svg)

![Large values: an array and a frame; GB/s](benchmarks-large.svg)
"""
}

TITLES = {
    "import": "Import",
    "hit": "One small result",
    "graph": "Graphs of steps that do nothing",
    "array": "A large array",
    "frame": "A large frame",
    "remote": "Servers",
    "profiles": "Where the time goes",
}

SERVERS = {"s3": "S3, on SeaweedFS", "azure": "Azure Blob Storage, on Azurite"}

PROCESS = """
Datanectar imports most of itself at the first call, joblib when it is imported; so compare the whole process, from
starting Python to its exit, with a hundred warm hits:
"""

INTRODUCTIONS = {
    "import": "A new process, less what `python -c pass` takes in the same round; {imports} rounds.",
    "hit": """
A function `(int, str) -> dict` of four small values, called {hits} times with other arguments. *cold*: nothing is
stored. Then, in a new process on the filled store: the *first* call, those of the other keys (*next*), and one key
again and again (*repeat*). In Datanectar a call is naming the artifact and running it, `dn.run(summary(number,
text))`. The floor hashes the arguments, reads a file and unpickles it, or writes one and renames it; with fsync, it
syncs file and directory.
""",
    "graph": """
*layered*: layers of ten steps, each on two of the layer before. *chain*: each step on the one before. A step adds
integers. Everything from building the graph to having the values of the last steps counts, imports do not. *warm*:
again, in a new process. joblib and the floor are a loop that loads every step; Datanectar and Luigi look at the last
ones only. Datanectar with fsync is compared with the floor that syncs, the others with the one that does not.
Hamilton and Luigi are stopped when they take more than {patience:.0f} seconds.
""",
    "array": """
{array:,} bytes of random float64, in memory when the clock starts. *to disk* includes fsync. Then two loads in a new
process, the files still in the page cache, and a sum over the second; GB/s of the value. Datanectar hashes with
SHA-256 what it stores, and what it loads unless the same user stored or verified the very file before (*not verified
before* is another user's first load). joblib, pickle and NumPy check nothing. *grown by*: the peak of resident
memory over what it was before; mapped pages count once they are touched.
""",
    "frame": """
{frame:,} rows of ten columns: integers, floats, text, timestamps, a category, a nullable integer. The floor writes
and reads as many bytes as the frame has in memory; GB/s of these.
""",
    "remote": """
One object of {remote:,} bytes, from a file and to a file, and {objects} of 64 KiB, from ten threads; all have ten
requests under way at once. The server runs on the same machine: there is no network between, and it takes its share
of the cores. *CPU* is the client's. All must have got the same bytes, by SHA-256. Datanectar is its storage backend,
on the SDK or with obstore under it; what the storage layer does to an artifact is in
[the other benchmarks](benchmarks.md).
""",
    "profiles": """
For the groups that missed a budget: cProfile of Datanectar, the functions with most time of their own, per hit or
per step. A profiled call costs more than a plain one, so read shares, not times.
""",
}

METHOD = """
## How it is measured

`nox -s bench` makes an environment for each peer, with pinned versions, and runs every contender in processes of its
own. They take turns, A B C A B C …, so that whatever else the machine does hits all alike; the first round is thrown
away, because it compiles modules and touches memory for the first time. All contenders must arrive at the same sum.
More, and what to look out for, in [bench/README.md](../../bench/README.md).
"""
