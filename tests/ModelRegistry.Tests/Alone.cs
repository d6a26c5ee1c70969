using Xunit;

namespace ModelRegistry.Tests;

/// <summary>Tests that measure the whole process or mount file systems: nothing else runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
