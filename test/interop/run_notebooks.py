"""Runs notebooks, one after the other, in one kernel that forgets everything between two.

Reads from stdin, as JSON: the kernel's name, its environment, and of each notebook its file, the folder to run in and the
names whose values are told at its end. Prints, as JSON by file: the values, and all that the cells showed.
"""

import json
import os
import sys

import nbformat
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

asked = json.load(sys.stdin)
os.environ.update(asked["env"])
# Deno's kernel knows no sockets of files.
place = {"transport": "ipc", "ip": os.path.join(asked["folder"], "k")} if asked["kernel"] == "python3" else {}
manager = KernelManager(kernel_name=asked["kernel"], **place)
told = {}
try:
    for notebook in asked["notebooks"]:
        document = nbformat.read(notebook["file"], as_version=4)
        if asked["kernel"] == "python3":
            first = f"%reset -f\nimport os\nos.chdir({notebook['folder']!r})"
            last = "import json\nprint(json.dumps([%s]))" % ", ".join(notebook["names"])
            document.cells.insert(0, nbformat.v4.new_code_cell(first))
            document.cells.append(nbformat.v4.new_code_cell(last))
        client = NotebookClient(
            document, km=manager, timeout=120, resources={"metadata": {"path": notebook["folder"]}}
        )
        client.execute(cleanup_kc=False)
        outputs = [output for cell in document.cells for output in cell.get("outputs", [])]
        values = json.loads(outputs[-1]["text"]) if asked["kernel"] == "python3" else None
        told[notebook["file"]] = {"values": values, "shown": json.dumps(outputs)}
finally:
    if manager.has_kernel:
        manager.shutdown_kernel(now=True)
print(json.dumps(told))
