"""The questions of the engine, by what they are about; ``engine.Engine`` is all of them in one."""
