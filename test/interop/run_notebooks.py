"""Runs notebooks, one after the other, in one kernel that forgets everything between two.

Reads from stdin, as JSON: the kernel's name, its environment, and of each notebook its file, the folder to run in and the
names whose values are told at its end. Prints, as JSON by file: the values, and all that the cells showed.
"""

import json
import os
import queue
import sys

import nbformat
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

SILENCE_S = 5

asked = json.load(sys.stdin)
os.environ.update(asked["env"])
in_python = asked["kernel"] == "python3"
# Deno's kernel knows no sockets of files.
place = {"transport": "ipc", "ip": os.path.join(asked["folder"], "k")} if in_python else {}
manager = KernelManager(kernel_name=asked["kernel"], **place)


def run_in_python(notebook):
    document = nbformat.read(notebook["file"], as_version=4)
    first = f"%reset -f\nimport os\nos.chdir({notebook['folder']!r})"
    last = "import json\nprint(json.dumps([%s]))" % ", ".join(notebook["names"])
    document.cells.insert(0, nbformat.v4.new_code_cell(first))
    document.cells.append(nbformat.v4.new_code_cell(last))
    client = NotebookClient(document, km=manager, timeout=120, resources={"metadata": {"path": notebook["folder"]}})
    client.execute(cleanup_kc=False)
    outputs = [output for cell in document.cells for output in cell.get("outputs", [])]
    return {"values": json.loads(outputs[-1]["text"]), "shown": json.dumps(outputs)}


def run_in_deno(notebook):
    """Deno's kernel calls itself idle before it sends a cell's result at times, where nbclient stops listening."""
    manager.start_kernel(cwd=notebook["folder"])
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    for cell in nbformat.read(notebook["file"], as_version=4).cells:
        if cell.cell_type == "code":
            reply = client.execute(cell.source, reply=True, timeout=120)["content"]
            if reply["status"] != "ok":
                raise RuntimeError(json.dumps(reply))
    shown = []
    try:
        while True:
            message = client.get_iopub_msg(timeout=SILENCE_S)
            if message["msg_type"] in ("execute_result", "display_data", "stream", "error"):
                shown.append(message["content"])
    except queue.Empty:
        client.stop_channels()
    return {"values": None, "shown": json.dumps(shown)}


told = {}
try:
    for notebook in asked["notebooks"]:
        told[notebook["file"]] = run_in_python(notebook) if in_python else run_in_deno(notebook)
finally:
    if manager.has_kernel:
        manager.shutdown_kernel(now=True)
print(json.dumps(told))
