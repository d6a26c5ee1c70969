Console.Error.WriteLine("modelregistry");
return 2;
