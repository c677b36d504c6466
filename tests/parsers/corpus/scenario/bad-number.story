instances many
