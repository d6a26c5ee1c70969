namespace ModelRegistry.Artifacts.Inspection;

/// <summary>What stands beside the graph of a SavedModel, known by its name and read as what that says.</summary>
internal static class SavedModelParts
{
    private const int MostFingerprint = 4_096, MostMetadata = 16 * 1024 * 1024;

    /// <summary>Whether it was one of them, and has been read.</summary>
    public static bool Read(ByteWindow file, FileReading it)
    {
        if (!it.Beside.ContainsKey($"{it.Folder}saved_model.pb"))
            return false;
        switch (it.Name)
        {
            case "fingerprint.pb" when file.Length <= MostFingerprint:
                it.Kind = "tensorflow_fingerprint";
                // FingerprintDef (fingerprint.proto): numbers, a version, an identifier. Nothing reads it but to compare.
                for (var fields = new ProtoMessage(file, 0, file.Length); fields.Next();)
                    if (fields.Field > 7)
                        throw new InspectionStop("malformed", "It has fields that a fingerprint has not.");
                return true;
            case "keras_metadata.pb":
                it.Kind = "keras_metadata";
                it.Note("keras_metadata", "The SavedModel carries the description of a Keras model.");
                // SavedMetadata (saved_metadata.proto): nodes = 1, each with metadata = 5
                for (var nodes = new ProtoMessage(file, 0, file.Length); nodes.Next();)
                    if (nodes is { Field: 1, Wire: Wire.Length })
                        for (var node = nodes.Inside(); node.Next();)
                            if (node is { Field: 5, Wire: Wire.Length, Size: > 0 })
                                new KerasConfig(it, file.Budget).ReadMetadata(node.Size <= MostMetadata ? node.Bytes(MostMetadata) : throw new InspectionStop("too_complex", "A layer in it is described at too great length."));
                return true;
            default:
                return false;
        }
    }
}
