"""Serves web-platform-tests by their own server. Takes their directory, and the options of `wpt serve`."""

import os
import sys

if __name__ == "__main__":
    os.chdir(sys.argv.pop(1))
    sys.path.insert(0, ".")
    from tools.serve import serve

    serve.main()
